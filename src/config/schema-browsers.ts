import { Type } from 'typebox'
import { CLOSED, Duration, HeaderName, METHOD_MESSAGE, METHOD_PATTERN } from './schema-parts.ts'

const ORIGIN_MESSAGE = 'expected an origin such as https://shop.example.com or https://*.example.com, or *'

function FieldNames(description: string) {
  return Type.Optional(Type.Array(Type.String(HeaderName), { description, uniqueItems: true }))
}

/** `cors` of a route. */
export const CorsSchema = Type.Object(
  {
    origins: Type.Array(
      Type.String({
        pattern: '^(?:\\*|https?://(?:\\*\\.)?(?:[A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\])(?::\\d{1,5})?)$',
        errorMessage: ORIGIN_MESSAGE
      }),
      {
        description:
          'Origins of the pages that may, https://*.example.com for one or more labels; "*" alone for all.',
        minItems: 1,
        uniqueItems: true,
        errorMessage: 'expected at least one origin',
        examples: [['https://shop.example.com']]
      }
    ),
    methods: Type.Optional(
      Type.Array(Type.String({ pattern: METHOD_PATTERN, errorMessage: METHOD_MESSAGE }), {
        description:
          'Methods that pages may use. By default those of the route, else GET, HEAD, POST, PUT, PATCH and DELETE.',
        minItems: 1,
        uniqueItems: true
      })
    ),
    allowedHeaders: FieldNames('Header fields that pages may send. By default those that are asked for.'),
    exposedHeaders: FieldNames(
      'Header fields of responses that pages may read, besides those that they always may. By default none.'
    ),
    credentials: Type.Optional(
      Type.Boolean({
        description: 'Whether cookies and the like come along; not with origins "*". By default false.'
      })
    ),
    maxAge: Type.Optional(
      Duration({ description: 'How long a browser keeps the answer to a preflight. By default 10m.' })
    )
  },
  { ...CLOSED, description: 'Which pages of other origins may use the route; absent = none by the gateway.' }
)

function Policy(description: string, words: readonly string[]) {
  return Type.Optional(Type.Union([Type.Literal(false), Type.Enum([...words])], { description }))
}

/** They stand in quotes (CSP level 3, section 2.3.1): without, they are hosts of that name, which nobody means. */
const KEYWORDS =
  'none|self|strict-dynamic|report-sample|inline-speculation-rules|unsafe-inline|unsafe-eval|unsafe-hashes|wasm-unsafe-eval'

const SOURCE = {
  pattern: `^(?!(?:${KEYWORDS})$|nonce-|sha(?:256|384|512)-)[^;,\\s\\x00-\\x1f\\x7f]+$`,
  errorMessage: 'expected a source without spaces, ";" and ",", and keywords in quotes, as "\'self\'"'
}

/** `securityHeaders` of a route. */
export const SecurityHeadersSchema = Type.Object(
  {
    contentSecurityPolicy: Type.Optional(
      Type.Union(
        [
          Type.Literal(false),
          Type.Record(
            Type.String(),
            Type.Array(Type.String(SOURCE), { description: 'The sources of a directive.' }),
            {
              description: 'Sources by directive.',
              propertyNames: {
                pattern: '^[a-z]+(?:-[a-z]+)*$',
                errorMessage: 'expected a directive such as default-src'
              }
            }
          )
        ],
        {
          description:
            "Content-Security-Policy: sources by directive, in place of helmet's for the same directive. By default helmet's. With false it is the backend's affair.",
          examples: [{ 'default-src': ["'self'"] }]
        }
      )
    ),
    strictTransportSecurity: Type.Optional(
      Type.Union(
        [
          Type.Literal(false),
          Type.Object(
            {
              maxAge: Type.Optional(
                Duration({
                  description: 'How long a browser remembers it. By default 8760h, a year.',
                  range: ['0s', '87600h']
                })
              ),
              includeSubDomains: Type.Optional(
                Type.Boolean({ description: 'Whether it holds for the hosts below, too. By default true.' })
              ),
              preload: Type.Optional(
                Type.Boolean({ description: 'Whether browsers may have it built in. By default false.' })
              )
            },
            CLOSED
          )
        ],
        {
          description:
            "Strict-Transport-Security: that browsers come by HTTPS only. By default as below. With false it is the backend's affair."
        }
      )
    ),
    frameOptions: Policy('X-Frame-Options: whether pages may be framed. By default sameorigin.', [
      'deny',
      'sameorigin'
    ]),
    referrerPolicy: Policy(
      'Referrer-Policy: what pages tell of themselves where they link to. By default no-referrer.',
      [
        'no-referrer',
        'no-referrer-when-downgrade',
        'origin',
        'origin-when-cross-origin',
        'same-origin',
        'strict-origin',
        'strict-origin-when-cross-origin',
        'unsafe-url'
      ]
    ),
    crossOriginOpenerPolicy: Policy(
      'Cross-Origin-Opener-Policy: which pages share a browsing context. By default same-origin.',
      ['same-origin', 'same-origin-allow-popups', 'unsafe-none']
    ),
    crossOriginResourcePolicy: Policy(
      'Cross-Origin-Resource-Policy: whose pages may load what is answered. By default same-origin.',
      ['same-origin', 'same-site', 'cross-origin']
    ),
    crossOriginEmbedderPolicy: Policy('Cross-Origin-Embedder-Policy: what pages may load. By default none.', [
      'require-corp',
      'credentialless',
      'unsafe-none'
    ])
  },
  {
    ...CLOSED,
    description:
      'Header fields that tell browsers to be careful, as helmet has them, {} for its defaults; absent = none by the gateway.',
    examples: [{}, { frameOptions: 'deny' }]
  }
)
