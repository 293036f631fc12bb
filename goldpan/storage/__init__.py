"""OUR SQL: one statement, one function, in the file of its noun; no rule of the business and no other people's data."""
