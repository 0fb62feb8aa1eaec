"""Inline SVG, written element by element with every text escaped.

Colours come from classes, so that the page's style sheet decides them for light, dark and
paper; sizes are in user units of a drawing that is `WIDTH` wide.
"""

from markupsafe import Markup, escape

from redink.visible import visible

WIDTH = 480


class Drawing:
    """A drawing that grows by elements and ends as one accessible `<svg>`."""

    def __init__(self, name: str, title: str, description: str, height: float) -> None:
        self.name, self.title, self.description = name, title, description
        self.height = height
        self._parts: list[Markup] = []

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        """A straight line of class `kind`."""
        self._add(
            '<line x1="{}" y1="{}" x2="{}" y2="{}" class="{}"/>',
            *map(_number, (x1, y1, x2, y2)),
            kind,
        )

    def rectangle(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A filled rectangle of class `kind`."""
        self._add(
            '<rect x="{}" y="{}" width="{}" height="{}" class="{}"/>',
            *map(_number, (x, y, max(0.0, width), height)),
            kind,
        )

    def dot(self, x: float, y: float, radius: float, kind: str) -> None:
        """A circle of class `kind`."""
        self._add(
            '<circle cx="{}" cy="{}" r="{}" class="{}"/>', *map(_number, (x, y, radius)), kind
        )

    def text(self, x: float, y: float, content: str, kind: str = "", anchor: str = "start") -> None:
        """One line of text at its base line."""
        self._add(
            '<text x="{}" y="{}" text-anchor="{}" class="{}">{}</text>',
            _number(x),
            _number(y),
            anchor,
            kind,
            content,
        )

    def path(self, points: list[tuple[float, float]], kind: str) -> None:
        """An open line through points."""
        if points:
            steps = " L".join(f"{_number(x)} {_number(y)}" for x, y in points)
            self._add('<path d="M{}" class="{}"/>', steps, kind)

    def finish(self) -> Markup:
        """The whole drawing."""
        head = Markup(
            '<svg viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title {}-text">'
            '<title id="{}-title">{}</title><desc id="{}-text">{}</desc>'
        ).format(
            WIDTH,
            _number(self.height),
            self.name,
            self.name,
            self.name,
            visible(self.title),
            self.name,
            visible(self.description),
        )
        return head + Markup("").join(self._parts) + Markup("</svg>")

    def _add(self, template: str, *values: object) -> None:
        self._parts.append(Markup(template).format(*(escape(_seen(value)) for value in values)))


def _seen(value: object) -> object:
    return visible(value) if isinstance(value, str) else value


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Round numbers that divide a range into about `about` parts."""
    span = high - low
    if span <= 0:
        return [low]
    power = 10.0
    while power > span:
        power /= 10
    while power * 10 <= span:
        power *= 10
    step = min((power / 10 * m for m in (1, 2, 5, 10, 20, 50)), key=lambda s: abs(span / s - about))
    first = -int(-low // step) if low > 0 else int(low / step)
    values = [step * k for k in range(first - 1, first + int(span / step) + 3)]
    return [round(v, 10) for v in values if low - 1e-9 <= v <= high + 1e-9]
