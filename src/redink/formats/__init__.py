"""Import and export: redink's tables as files of other tools, and back."""

from redink.formats.card import Card
from redink.formats.catalogue import ABOUT
from redink.formats.exporting import Exported, export_table
from redink.formats.importing import import_rows

__all__ = ["ABOUT", "Card", "Exported", "export_table", "import_rows"]
