import { randomBytes } from 'node:crypto'
import { dirname, join } from 'node:path'
import type { Logger } from 'pino'
import type { GatewayConfig } from '../config/types.ts'
import { keepSecret } from './secrets.ts'

/** The gateway's own folder, beside the configuration file. */
const STORE = '.xecureapi'

/** 256 bits: as many as the HMAC that it is for has. */
const SECRET_BYTES = 32

/**
 * The secret that signs sessions of groups whose `affinity` has none: made once and kept in
 * `.xecureapi/affinity-secret` beside the configuration file, so that sessions outlive a restart. Where it can't be
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
    if (!config.upstreams.some(({ affinity }) => affinity && affinity.secret === undefined)) return config
    const secret = await this.#keep(join(dirname(config.file), STORE, 'affinity-secret'), log)
    const upstreams = config.upstreams.map((group) =>
      group.affinity ? { ...group, affinity: { secret, ...group.affinity } } : group
    )
    return { ...config, upstreams }
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
