import { type TestContext } from 'node:test'
import { type RegisterBackendOptions, type RegistrationEvent } from '../../src/client/register-backend.ts'
import {
  type Call,
  type Reply,
  type ScriptedGateway,
  startScriptedGateway
} from '../helpers/scripted-gateway.ts'

export const ID = '[::1]:3003+tls'
export const BACKENDS = '/api/upstreams/cat%2Falog/backends'
export const ONE = `${BACKENDS}/%5B%3A%3A1%5D%3A3003%2Btls`
export const VIEW = { id: ID, source: 'registration', version: 1, generation: 3 }

/** A gateway where all goes well, but for what `script` answers otherwise. */
export async function gatewayThat(
  t: TestContext,
  script: (call: Call, calls: readonly Call[]) => Reply | undefined
): Promise<ScriptedGateway> {
  const gateway: ScriptedGateway = await startScriptedGateway(
    t,
    (call) =>
      script(call, gateway.calls) ??
      { POST: { status: 201, body: VIEW }, PUT: { status: 200, body: { ttl: 1 } }, DELETE: 202 }[
        call.method
      ] ??
      500
  )
  return gateway
}

/** Options with the shortest lease, and the list of what it tells. */
export function options(
  gateway: string | readonly string[],
  more: Partial<RegisterBackendOptions> = {}
): RegisterBackendOptions & { readonly told: RegistrationEvent[] } {
  const told: RegistrationEvent[] = []
  const onEvent = (event: RegistrationEvent): void => void told.push(event)
  return { gateway, group: 'cat/alog', url: 'https://[::1]:3003', ttl: '1s', onEvent, told, ...more }
}

export const count = (gateway: ScriptedGateway, method: string): number =>
  gateway.calls.filter((call) => call.method === method).length
