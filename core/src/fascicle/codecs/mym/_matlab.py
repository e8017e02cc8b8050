"""Array classes that remember that a value was written by MATLAB as a cell or a struct."""

from __future__ import annotations

from typing import Any

import numpy as np


class MatCell(np.ndarray[Any, np.dtype[np.object_]]):
    """An object array that stands for a MATLAB cell array and is written back as one.

    Make one with ``array.view(MatCell)``; any array of dtype ``object`` will do.
    """


class MatStruct(np.recarray[Any, Any]):
    """A record array of dtype-``object`` fields that stands for a MATLAB struct array.

    ``s.field`` and ``s["field"]`` are object arrays of the shape of the struct array. A struct of MATLAB
    is an array of shape ``(1, 1)``; :meth:`to_dict` gives it as a mapping. It is written back as a struct.
    """

    def to_dict(self) -> dict[str, Any]:
        """The fields of the one element, by name.

        Raises
        ------
        ValueError
            If the struct array does not hold exactly one element.
        """
        if self.size != 1:
            raise ValueError(f"to_dict needs a struct array of one element; this one has {self.size}")
        return self.to_dicts()[0]

    def to_dicts(self) -> list[dict[str, Any]]:
        """One mapping of field name to value for each element, in column-major order."""
        names = self.dtype.names or ()
        flat = self.view(np.ndarray).reshape(-1, order="F")
        return [{name: element[name] for name in names} for element in flat]
