"""Analytics: lines of what happened, folded by day, and the figures asked of them; docs/analytics.md."""
