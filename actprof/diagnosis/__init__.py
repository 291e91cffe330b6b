"""What was measured beside what was expected: verdict, cause and remedy."""
