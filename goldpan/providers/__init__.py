"""OTHER PEOPLE'S DATA: what finds and enriches people. Providers satisfy `domain.provider_port`; none knows SQL."""
