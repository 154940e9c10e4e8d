"""The evals, one module each: plain functions, and FUNCTIONS, which says how a question is prepared."""
