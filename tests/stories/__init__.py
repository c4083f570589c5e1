"""Every screen in every state, without Google and without a sandbox."""
