Feature: Encrypted connections
  With a certificate and its key the proxy speaks TLS, and the client verifies whom it speaks to.

  Background:
    Given the client talks to the proxy

  @req:PROXY-012 @core
  Rule: The proxy speaks TLS with the certificate that it is given

    Scenario Outline: The <client>
      Given the proxy's variant is "tls"
      And the client is "<client>"
      When the client asks for a stream
      Then the stream begins with start and ends with one done

      Examples:
        | client         |
        | raw            |
        | httpx-sse      |
        | client library |

  @req:PROXY-012 @core
  Rule: The client refuses a certificate that proves nothing

    Scenario Outline: The certificate is <what>
      Given the proxy's variant is "<variant>"
      And the client is "client library"
      When the client asks for a stream
      Then the client reports "UnreachableError"
      And the client reports "<words>"
      And the provider was asked 0 times

      Examples:
        | what            | variant        | words             |
        | untrusted       | tls-untrusted  | trusted authority |
        | expired         | tls-expired    | has expired       |
        | another host's  | tls-other-host | another host's    |
