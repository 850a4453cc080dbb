import closeWithGrace from 'close-with-grace'
import { Gateway } from '../gateway.ts'
import { createLogger } from '../telemetry/logger.ts'
import { loadCheckedConfig } from '../tls/checked-config.ts'
import { collectBodiesEarly } from './body-garbage.ts'
import type { Command } from './main.ts'

/** Serves until a signal: SIGTERM or SIGINT stop, a second one at once; SIGHUP reads the configuration again. */
export const start: Command = async ({ config: file }) => {
  collectBodiesEarly()
  const config = await loadCheckedConfig(file)
  const log = createLogger(config.log.level)
  const gateway = await Gateway.start({ config, log })
  process.on('SIGHUP', () => void gateway.reload('signal'))
  closeWithGrace({ delay: false, logger: false, skip: ['SIGHUP'] }, async ({ signal, err }) => {
    if (err) log.fatal({ err }, 'the control plane failed')
    log.info({ signal }, 'stopping')
    const { cut } = await gateway.stop()
    log.info({ cut }, 'stopped')
    log.flush()
    if (cut > 0) process.exit(1)
  })
  const redirect = gateway.redirectUrl === undefined ? '' : `, redirect ${gateway.redirectUrl}`
  process.stdout.write(`xecureapi serves ${gateway.url}, admin ${gateway.adminUrl}${redirect}\n`)
  return undefined
}
