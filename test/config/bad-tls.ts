import type { BadConfig } from './load-errors.ts'

const PEM = 'expected the path of a PEM file, or PEM text'
const HOST = 'expected a host name such as shop.example.com or *.example.com, and no address'
const CERTIFICATES = 'server.tls.certificates'
const TLS = 'upstreams.catalog.tls'

/** `server.tls` with these certificates, each on a line of its own from line 4. */
function withCertificates(...certificates: readonly string[]): string {
  return `server:\n  tls:\n    certificates:\n${certificates.map((entry) => `      - ${entry}\n`).join('')}`
}

/** A group with this `tls`, from line 4. */
function withTls(tls: string, backend = 'https://a'): string {
  return `upstreams:\n  catalog:\n    backends: [${backend}]\n    tls: ${tls}\n`
}

/** Wrong values of `server.tls`, `server.redirect`, `server.proxyProtocol` and of a group's `protocol` and `tls`. */
export const BAD_TLS: readonly BadConfig[] = [
  {
    wrong: 'TLS without a certificate',
    yaml: 'server:\n  tls: {}\n',
    errors: [`gateway.yaml:2: ${CERTIFICATES}: expected at least one certificate, got nothing`]
  },
  {
    wrong: 'TLS with an empty list of certificates, and a word for HTTP/2',
    yaml: 'server:\n  tls: { certificates: [], http2: on }\n',
    errors: [
      `gateway.yaml:2: ${CERTIFICATES}: expected at least one certificate, got an empty list`,
      'gateway.yaml:2: server.tls.http2: expected true or false, got "on"'
    ]
  },
  {
    wrong: 'TLS that is a switch',
    yaml: 'server:\n  tls: true\n',
    errors: ['gateway.yaml:2: server.tls: expected a mapping, got true']
  },
  {
    wrong: 'certificates without a key or a certificate, or with other keys',
    yaml: withCertificates('{ cert: a.crt }', '{ key: b.key }', '{ cert: "", key: 1, name: c }', 'a.crt'),
    errors: [
      `gateway.yaml:4: ${CERTIFICATES}[0].key: ${PEM}, got nothing`,
      `gateway.yaml:5: ${CERTIFICATES}[1].cert: ${PEM}, got nothing`,
      `gateway.yaml:6: ${CERTIFICATES}[2].cert: ${PEM}, got ""`,
      `gateway.yaml:6: ${CERTIFICATES}[2].key: ${PEM}, got 1`,
      `gateway.yaml:6: ${CERTIFICATES}[2].name: unknown key "name"; expected one of cert, key, hosts`,
      `gateway.yaml:7: ${CERTIFICATES}[3]: expected a mapping, got "a.crt"`
    ]
  },
  {
    wrong: 'PEM text that lost its line breaks or its end, or is of the other kind',
    yaml: withCertificates(
      '{ cert: "${env:FLAT}", key: "${env:CUT}" }',
      '{ cert: "${env:KEY}", key: "${env:CERT}" }'
    ),
    env: {
      FLAT: '-----BEGIN CERTIFICATE----- AAAA -----END CERTIFICATE-----',
      CUT: '-----BEGIN PRIVATE KEY-----\nAAAA\n',
      KEY: '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n',
      CERT: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
    },
    errors: [
      `gateway.yaml:4: ${CERTIFICATES}[0].cert: ${PEM} of a certificate with all its lines, got "\${env:FLAT}"`,
      `gateway.yaml:4: ${CERTIFICATES}[0].key: ${PEM} of a private key with all its lines, got "\${env:CUT}"`,
      `gateway.yaml:5: ${CERTIFICATES}[1].cert: ${PEM} of a certificate with all its lines, got "\${env:KEY}"`,
      `gateway.yaml:5: ${CERTIFICATES}[1].key: ${PEM} of a private key with all its lines, got "\${env:CERT}"`
    ]
  },
  {
    wrong: 'hosts of certificates that no client asks for',
    yaml: withCertificates(
      '{ cert: a, key: a, hosts: [] }',
      '{ cert: b, key: b, hosts: [10.0.0.1, "::1", "*", a.*.example.com, "https://a", "a:443"] }'
    ),
    errors: [
      `gateway.yaml:4: ${CERTIFICATES}[0].hosts: expected at least one host, got an empty list`,
      ...['10.0.0.1', '::1', '*', 'a.*.example.com', 'https://a', 'a:443'].map(
        (host, index) => `gateway.yaml:5: ${CERTIFICATES}[1].hosts[${index}]: ${HOST}, got "${host}"`
      )
    ]
  },
  {
    wrong: 'two certificates for one host',
    yaml: withCertificates(
      '{ cert: a, key: a, hosts: [a.example.com, "*.example.com"] }',
      '{ cert: b, key: b, hosts: [b.example.com, "*.Example.com", B.example.com] }'
    ),
    errors: [
      `gateway.yaml:5: ${CERTIFICATES}[1].hosts[1]: expected every host in one certificate, and once, got "*.Example.com" again; the first is at line 4`,
      `gateway.yaml:5: ${CERTIFICATES}[1].hosts[2]: expected every host in one certificate, and once, got "B.example.com" again; the first is at line 5`
    ]
  },
  {
    wrong: 'a redirect to HTTPS where there is none',
    yaml: 'server:\n  redirect: {}\n',
    errors: [
      'gateway.yaml:2: server.redirect: expected server.tls, which it sends clients to, got plain HTTP'
    ]
  },
  {
    wrong: 'a redirect to TLS that has an error of its own',
    yaml: 'server:\n  tls: {}\n  redirect: {}\n',
    errors: [`gateway.yaml:2: ${CERTIFICATES}: expected at least one certificate, got nothing`]
  },
  {
    wrong: 'a redirect to no port at all',
    yaml: 'server:\n  tls: { certificates: [{ cert: a, key: a }] }\n  redirect: { httpsPort: 0 }\n',
    errors: ['gateway.yaml:3: server.redirect.httpsPort: expected a whole number from 1 to 65535, got 0']
  },
  {
    wrong: 'a redirect that is a port',
    yaml: 'server:\n  redirect: 80\n',
    errors: ['gateway.yaml:2: server.redirect: expected a mapping, got 80']
  },
  {
    wrong: 'a redirect from the port that it leads to, or from that of the admin listener',
    yaml: 'server:\n  tls: { certificates: [{ cert: a, key: a }] }\n  port: 9090\n  redirect: { port: 9090 }\nadmin: { host: 127.0.0.1 }\n',
    errors: [
      'gateway.yaml:3: server.port: expected another port than admin.port, got 9090 for both',
      'gateway.yaml:4: server.redirect.port: expected another port than server.port, got 9090 for both',
      'gateway.yaml:4: server.redirect.port: expected another port than admin.port, got 9090 for both'
    ]
  },
  {
    wrong: "the redirect's default port for another listener",
    yaml: 'server:\n  tls: { certificates: [{ cert: a, key: a }] }\n  redirect: {}\n  port: 8081\n',
    errors: [
      'gateway.yaml:4: server.port: expected another port than server.redirect.port, got 8081 for both'
    ]
  },
  {
    wrong: 'PROXY protocol from nobody',
    yaml: 'server:\n  proxyProtocol: true\n',
    errors: [
      'gateway.yaml:2: server.proxyProtocol: expected server.trustProxy to say whose header is believed, got nobody'
    ]
  },
  {
    wrong: 'PROXY protocol by its version',
    yaml: 'server:\n  trustProxy: [10.0.0.1]\n  proxyProtocol: v2\n',
    errors: ['gateway.yaml:3: server.proxyProtocol: expected true or false, got "v2"']
  },
  {
    wrong: 'PROXY protocol from addresses that have an error of their own',
    yaml: 'server:\n  trustProxy: 10.0.0.1\n  proxyProtocol: true\n',
    errors: ['gateway.yaml:2: server.trustProxy: expected a list, got "10.0.0.1"']
  },
  {
    wrong: 'an unknown protocol to backends',
    yaml: 'upstreams:\n  catalog:\n    backends: [http://a]\n    protocol: http2\n',
    errors: [
      'gateway.yaml:4: upstreams.catalog.protocol: expected one of http1, h2; got "http2"; did you mean "http1"?'
    ]
  },
  {
    wrong: 'TLS to backends without content',
    yaml: withTls(''),
    errors: [`gateway.yaml:4: ${TLS}: expected a mapping, got nothing; write {} for the defaults`]
  },
  {
    wrong: 'TLS to backends of which none has it',
    yaml: withTls('{ verify: false }', 'http://a, { url: http://b }'),
    errors: [`gateway.yaml:4: ${TLS}: expected an https:// backend in the group to use it for, got none`]
  },
  {
    wrong: 'TLS to backends that have errors of their own',
    yaml: withTls('{}', 'http://a, ftp://b'),
    errors: [
      'gateway.yaml:3: upstreams.catalog.backends[1]: expected an http:// or https:// URL such as http://10.0.0.11:3001, got "ftp://b"'
    ]
  },
  {
    wrong: "a gateway's own certificate without its key",
    yaml: withTls('{ cert: gateway.crt }'),
    errors: [`gateway.yaml:4: ${TLS}.key: expected the private key of the certificate, got nothing`]
  },
  {
    wrong: "a gateway's own key without its certificate",
    yaml: withTls('{ key: gateway.key }'),
    errors: [`gateway.yaml:4: ${TLS}.cert: expected the certificate of the key, got nothing`]
  },
  {
    wrong: 'a key that has an error of its own, beside a certificate',
    yaml: withTls('{ cert: gateway.crt, key: [] }'),
    errors: [`gateway.yaml:4: ${TLS}.key: ${PEM}, got an empty list`]
  },
  {
    wrong: 'names of backends that can not be asked for, and other keys',
    yaml: withTls('{ servername: 10.0.0.1, verfy: false, ca: { path: a } }'),
    errors: [
      `gateway.yaml:4: ${TLS}.ca: ${PEM}, got a mapping`,
      `gateway.yaml:4: ${TLS}.servername: expected a host name such as catalog.internal, and no address, got "10.0.0.1"`,
      `gateway.yaml:4: ${TLS}.verfy: unknown key "verfy"; did you mean "verify"?`
    ]
  },
  {
    wrong: 'an unknown mode of a route',
    yaml: 'upstreams: { a: { backends: [http://a] } }\nroutes:\n  - { path: /a, upstream: a, mode: buffer }\n',
    errors: [
      'gateway.yaml:3: routes[0].mode: expected one of stream, buffered; got "buffer"; did you mean "buffered"?'
    ]
  }
]
