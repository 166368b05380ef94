"""The family of filters that smooth without crossing edges: bilateral and guided."""
