"""A plan for those who must carry it out otherwise, and a verification as a report."""
