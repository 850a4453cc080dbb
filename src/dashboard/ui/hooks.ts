import { createContext } from 'preact'
import { useContext, useEffect, useRef, useState } from 'preact/hooks'
import { applyMessage, type LiveState, NOTHING } from '../model/live-state.ts'
import { type Answer, ask } from '../net/api.ts'
import { type Connection, LiveConnection } from '../net/live-connection.ts'

/** The live stream as it is. */
export interface Live {
  readonly state: LiveState
  readonly connection: Connection
}

/** Of the page; see {@link useLive}. */
export const LiveContext = createContext<Live>({ state: NOTHING, connection: 'connecting' })

/** What the live stream says now. */
export function useLive(): Live {
  return useContext(LiveContext)
}

/** Reads the live stream while the component is there. */
export function useLiveStream(isWelcome: () => Promise<boolean>): Live {
  const [live, setLive] = useState<Live>({ state: NOTHING, connection: 'connecting' })
  useEffect(() => {
    const stream = new LiveConnection({
      onMessage: (message) =>
        setLive(({ state }) => ({ state: applyMessage(state, message), connection: 'live' })),
      onConnection: (connection) =>
        setLive((now) => (now.connection === connection ? now : { ...now, connection })),
      isWelcome
    })
    return () => stream.stop()
  }, [isWelcome])
  return live
}

/** The part of the address behind `#/`. */
export function useHash(): string {
  const read = (): string => location.hash.replace(/^#\/?/, '')
  const [hash, setHash] = useState(read)
  useEffect(() => {
    const onChange = (): void => setHash(read())
    addEventListener('hashchange', onChange)
    return () => removeEventListener('hashchange', onChange)
  }, [])
  return hash
}

/**
 * A document of the admin API, read again whenever a key is another one. What was read before stays until then.
 *
 * @returns undefined before the first answer.
 */
export function useDocument<T>(path: string, key: unknown): Answer<T> | undefined {
  const [answer, setAnswer] = useState<Answer<T>>()
  const turn = useRef(0)
  useEffect(() => {
    const mine = ++turn.current
    const read = async (): Promise<void> => {
      const next = await ask<T>(path)
      if (mine === turn.current) setAnswer((before) => (next.ok || !before?.ok ? next : before))
    }
    void read()
  }, [path, key])
  return answer
}
