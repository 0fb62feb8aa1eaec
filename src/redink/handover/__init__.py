"""Handing a training over: the folder that another engine trains from, on more GPUs than one."""
