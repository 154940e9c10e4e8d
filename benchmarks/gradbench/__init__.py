"""dvar as a tool of GradBench: its protocol, its twelve evals, a stricter check and a clock."""
