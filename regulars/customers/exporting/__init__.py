"""Customers as files: exactly the rows and columns of a list, streamed, harmless to spreadsheets, and written down.

formats    CSV, XLSX, JSON Lines and Parquet, each as a stream of bytes
streaming  the rows of a list, and the fact that they went out
"""

from regulars.customers.exporting.formats import FORMATS, Format
from regulars.customers.exporting.streaming import everybody, export, picked

__all__ = ["FORMATS", "Format", "everybody", "export", "picked"]
