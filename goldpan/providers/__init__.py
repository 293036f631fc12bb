"""OTHER PEOPLE'S DATA: what finds and enriches people; every provider satisfies `domain.provider_port`, none knows SQL."""
