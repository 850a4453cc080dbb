import { Type } from 'typebox'
import { CLOSED, ListenHost, ListenPort, Name } from './schema-parts.ts'

const Token = {
  description:
    'A token: visible ASCII without spaces, best 32 characters that nobody guesses, from ${env:…} or ${file:…}.',
  pattern: '^[\\x21-\\x7e]{1,4096}$',
  errorMessage: 'expected a token: 1 to 4096 characters of visible ASCII without spaces',
  writeOnly: true
} as const

/** `admin`. */
export const AdminSchema = Type.Object(
  {
    host: Type.Optional(
      ListenHost('127.0.0.1', 'Address of the admin listener; any other than loopback only beside tokens.')
    ),
    port: Type.Optional(ListenPort(9090, 'Port of the admin listener; 0 = any free port.')),
    tokens: Type.Optional(
      Type.Array(
        Type.Union(
          [
            Type.String(Token),
            Type.Object(
              { name: Name('Name of who has it, for the log.'), token: Type.String(Token) },
              { ...CLOSED, description: 'A token with a name.' }
            )
          ],
          {
            description: 'A token, or { name, token }.',
            errorMessage: 'expected a token, or { name, token }',
            writeOnly: true
          }
        ),
        {
          description: 'Tokens of those who may use the admin API; [] = whoever is on this machine.',
          default: [],
          errorMessage: 'expected a list of tokens',
          // Somebody may have written the token itself.
          writeOnly: true
        }
      )
    )
  },
  { ...CLOSED, description: 'The listener of the admin API, metrics and the dashboard.', default: {} }
)
