"""Ledger, dispatcher, agent: who does which work when. Never imports torch."""
