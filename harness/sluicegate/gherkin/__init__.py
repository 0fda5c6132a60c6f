"""The Gherkin surface: collection of .feature files and the expressions of steps."""
