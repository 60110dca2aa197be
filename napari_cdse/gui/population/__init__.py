"""The dock Population: the visible-defect fraction and its figures."""
