import type { AuthConfig, RouteConfig } from '../config/types.ts'
import { consumerValue } from './consumer.ts'

/** Who a request is known to come from. */
export interface KnownConsumer {
  readonly consumer: string | undefined
  /** How that was proven. */
  readonly consumerAuth: string | undefined
}

/**
 * The header fields that tell backends who calls. What clients write there themselves goes no further, however they
 * spell it: servers that hand fields on as variables (CGI, WSGI, PHP) take `_` and others for `-`.
 */
export class ConsumerFields {
  readonly #name: string
  readonly #withheld: RegExp
  /** How it is said that the token was checked; undefined where the route asks for none. */
  readonly #tokenProof: string | undefined

  /** @param route - Credentials that it checks are withheld as well: a key goes no further than it must. */
  constructor(auth: AuthConfig, { access }: Pick<RouteConfig, 'access'>) {
    this.#name = auth.consumerHeader
    this.#tokenProof = access?.jwt === undefined ? undefined : `jwt:${access.jwt}`
    const [name, suffix] = [spellings(auth.consumerHeader), spellings('-auth')]
    const issuer = auth.jwt.find((each) => each.name === access?.jwt)
    const withheld = [`${name}(?:${suffix})?`]
    if (access?.apiKeys !== undefined) withheld.push(spellings(auth.apiKeyHeader))
    if (issuer && !issuer.forward) withheld.push('authorization')
    this.#withheld = new RegExp(`^(?:${withheld.join('|')})$`)
  }

  /**
   * Whether a client's own field goes no further. Of a route that asks for tokens none does that was not checked, as
   * beside a good key where one of the two is enough: a backend may believe whatever token comes from here.
   *
   * @param name - In lower case.
   * @param known - Who was found to call by the field's header; absent for trailers, which nobody checks.
   */
  isWithheld(name: string, known?: KnownConsumer): boolean {
    if (this.#withheld.test(name)) return true
    const proof = this.#tokenProof
    return proof !== undefined && name === 'authorization' && known?.consumerAuth !== proof
  }

  /** The fields of a request, names and values in turn. */
  of({ consumer, consumerAuth }: KnownConsumer): readonly string[] {
    if (consumer === undefined || consumerAuth === undefined) return NONE
    return [this.#name, consumerValue(consumer), `${this.#name}-auth`, consumerAuth]
  }
}

const NONE: readonly string[] = []

/** A pattern of all names, in lower case, that some server takes for this one. */
function spellings(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '[^a-z0-9]')
}
