// Carries the precompiled header that every implementation reuses.
