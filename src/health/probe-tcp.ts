import { connect } from 'node:net'
import { failureReason } from './failure-reason.ts'
import { failed, oneProbe } from './one-probe.ts'
import { targetOf } from './probe-target.ts'
import type { Probe } from './types.ts'

/**
 * Passes once the backend's port accepts a connection, which is closed at once; nothing is sent, and of an
 * `https:` backend no TLS is spoken.
 *
 * @throws The signal's reason once the signal is aborted.
 */
export const probeTcp: Probe = async (url, check, signal) =>
  await oneProbe(check.timeout, signal, (settle) => {
    const { hostname, port } = targetOf(url, check.port)
    const socket = connect({ host: hostname, port })
    socket.on('connect', () => settle({ ok: true }))
    socket.on('error', (error) => settle(failed(failureReason(error))))
    return () => socket.destroy()
  })
