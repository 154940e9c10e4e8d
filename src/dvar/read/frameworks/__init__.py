"""Functions of other frameworks, followed with our arrays: their operations, one by one, in terms of NumPy."""
