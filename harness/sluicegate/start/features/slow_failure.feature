# A line that begins with # is a remark for readers.
Feature: A slow provider that fails
  Clients must cope with a provider that lets them wait and then refuses.

  # Given says how things are, When what the client does, Then what must be seen from outside.
  Scenario: The rate limit is exceeded after a second
    When the client asks for a plain answer with the parameters "delay=1000&fail=429"
    Then the status is 429
    And the answer begins after 1 second
