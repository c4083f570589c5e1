"""A plan for those who have to apply it in another way, and a verification as a report."""
