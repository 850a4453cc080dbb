import { Type } from 'typebox'
import { CLOSED, HOST_LABEL, ListenPort } from './schema-parts.ts'

/** A host name; an address is none, and TLS clients don't name one (RFC 6066 section 3). */
const NAME = `(?![\\d.]+$)${HOST_LABEL}(?:\\.${HOST_LABEL})*`

function Pem(description: string, example: string) {
  return Type.String({
    description: `${description}: the path of a PEM file, or PEM text.`,
    minLength: 1,
    errorMessage: 'expected the path of a PEM file, or PEM text',
    examples: [`tls/${example}`, `\${file:/run/secrets/${example}}`]
  })
}

const CertificateSchema = Type.Object(
  {
    cert: Pem('The certificate, with its chain behind it', 'shop.crt'),
    key: Pem('Its private key', 'shop.key'),
    hosts: Type.Optional(
      Type.Array(
        Type.String({
          pattern: `^(?:\\*\\.)?${NAME}$`,
          maxLength: 253,
          errorMessage: 'expected a host name such as shop.example.com or *.example.com, and no address'
        }),
        {
          description:
            'Names that it is for, *.example.com for one label. By default those in the certificate.',
          minItems: 1,
          uniqueItems: true,
          errorMessage: 'expected at least one host',
          examples: [['shop.example.com', '*.example.com']]
        }
      )
    )
  },
  { ...CLOSED, description: 'A certificate with its key.' }
)

/** `server.tls`. */
export const ServerTlsSchema = Type.Object(
  {
    certificates: Type.Array(CertificateSchema, {
      description:
        'Certificates by the names that they are for. The first is for clients that name no host, or one that none is for.',
      minItems: 1,
      errorMessage: 'expected at least one certificate',
      examples: [[{ cert: 'tls/shop.crt', key: 'tls/shop.key' }]]
    }),
    http2: Type.Optional(
      Type.Boolean({
        description: 'Whether clients may choose HTTP/2 by ALPN; HTTP/1.1 they always may.',
        default: true
      })
    )
  },
  { ...CLOSED, description: 'TLS of the public listener; absent = plain HTTP.' }
)

/** `server.redirect`. */
export const RedirectSchema = Type.Object(
  {
    port: Type.Optional(ListenPort(8081, 'Port of that listener; 0 = any free port.')),
    httpsPort: Type.Optional(
      Type.Integer({
        description:
          'Port that clients find HTTPS at; absent = server.port. For listeners behind a mapping of ports.',
        minimum: 1,
        maximum: 65_535
      })
    )
  },
  {
    ...CLOSED,
    description: 'A plain HTTP listener that sends clients to HTTPS; absent = off.',
    examples: [{ port: 80 }]
  }
)

/** `tls` of an upstream group. */
export const UpstreamTlsSchema = Type.Object(
  {
    verify: Type.Optional(
      Type.Boolean({ description: "Whether a backend's certificate must be valid for it.", default: true })
    ),
    ca: Type.Optional(Pem('The authorities that are trusted instead of the usual ones', 'ca.crt')),
    cert: Type.Optional(Pem("The gateway's own certificate", 'gateway.crt')),
    key: Type.Optional(Pem('Its private key', 'gateway.key')),
    servername: Type.Optional(
      Type.String({
        description: "The name to ask for and to verify, instead of the backend's host.",
        pattern: `^${NAME}$`,
        maxLength: 253,
        errorMessage: 'expected a host name such as catalog.internal, and no address',
        examples: ['catalog.internal']
      })
    )
  },
  { ...CLOSED, description: 'TLS to https: backends; absent = verified by the usual authorities.' }
)
