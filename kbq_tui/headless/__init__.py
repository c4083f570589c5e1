"""The plain face: lines, JSON, numbered prompts. Append-only, no cursor movement: also the accessible mode."""
