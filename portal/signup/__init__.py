"""The wizard: a draft, four steps, a review that is true, and one act of creation."""
