import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/types.ts'
import { keepSecret, readSecret } from './secrets.ts'

/** 256 bits: as many as the HMAC that it is for has. */
const SECRET_BYTES = 32

/**
 * The secret that signs sessions of groups whose `affinity` has none: made once and kept in
 * `affinity-secret` in the store's folder, so that sessions outlive a restart. Where it can't be
 * kept, it lives as long as this object.
 */
export class AffinitySecret {
  /** The last one that was used; a file that goes away is written again with it. */
  #secret = randomBytes(SECRET_BYTES).toString('base64url')
  /** Why it could not be kept the last time. */
  #trouble: string | undefined

  /**
   * A configuration with the secret wherever it needs one. The file is read again each time.
   *
   * @param log - Told when the secret can't be kept.
   */
  async complete(config: GatewayConfig, log: Pick<Logger, 'warn'>): Promise<GatewayConfig> {
    if (!needsSecret(config)) return config
    return withSecret(config, await this.#keep(fileOf(config), log))
  }

  async #keep(file: string, log: Pick<Logger, 'warn'>): Promise<string> {
    try {
      this.#secret = await keepSecret(file, this.#secret)
      this.#trouble = undefined
    } catch (error) {
      const { code = 'unreadable' } = error as NodeJS.ErrnoException
      // A reload is no news when nothing has changed since the last.
      if (code !== this.#trouble) {
        log.warn(
          { file, reason: code },
          'the secret of affinity can not be kept: sessions end with this process, and other gateways do not know them'
        )
      }
      this.#trouble = code
    }
    return this.#secret
  }
}

/**
 * A configuration with the secret that a gateway keeps, for who only looks on: it makes none. Without one that can be
 * read, the configuration stays as it is.
 */
export async function withKeptSecret(config: GatewayConfig): Promise<GatewayConfig> {
  if (!needsSecret(config)) return config
  const secret = await readSecret(fileOf(config)).catch(() => undefined)
  return secret === undefined ? config : withSecret(config, secret)
}

function needsSecret({ upstreams }: GatewayConfig): boolean {
  return upstreams.some(({ affinity }) => affinity && affinity.secret === undefined)
}

function fileOf({ store }: GatewayConfig): string {
  return join(store.path, 'affinity-secret')
}

function withSecret(config: GatewayConfig, secret: string): GatewayConfig {
  const upstreams = config.upstreams.map((group) =>
    group.affinity ? { ...group, affinity: { secret, ...group.affinity } } : group
  )
  return { ...config, upstreams }
}
