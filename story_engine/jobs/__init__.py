"""Work that is done elsewhere: ledger, dispatcher, agent, child. Pages import the ledger and the launcher alone."""
