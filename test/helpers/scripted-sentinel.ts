import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A sentinel of a test that says what the test wants, also what is no longer so. */
export interface ScriptedSentinel {
  readonly port: number
  /** Where the master is, for those who ask. */
  master: { readonly host: string; readonly port: number }
  /** How many were told so far where it is. */
  readonly answers: () => number
  /** Those who listen now. */
  readonly listeners: () => number
  /** Tells all who listen that the master `shop` is elsewhere. */
  readonly say: (master: { readonly host: string; readonly port: number }) => void
}

/** Starts it on a free port; it ends with the test. @param master - Where it says that the master is. */
export async function startScriptedSentinel(
  t: TestContext,
  master: ScriptedSentinel['master']
): Promise<ScriptedSentinel> {
  let answers = 0
  const [sockets, listening] = [new Set<Socket>(), new Set<Socket>()]
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      listening.delete(socket)
    })
    // What clients send in one go comes in one piece.
    socket.on('data', (piece) => {
      for (const [name = '', second = ''] of commandsOf(piece.toString())) {
        if (name === 'hello') socket.write('%1\r\n$5\r\nproto\r\n:3\r\n')
        else if (name === 'subscribe') {
          listening.add(socket)
          socket.write(push('subscribe', second))
        } else if (name === 'sentinel' && second === 'get-master-addr-by-name') {
          answers++
          socket.write(`*2\r\n${bulk(sentinel.master.host)}${bulk(String(sentinel.master.port))}`)
        } else socket.write(name === 'sentinel' ? '*0\r\n' : '+OK\r\n')
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const sentinel: ScriptedSentinel = {
    port: (server.address() as AddressInfo).port,
    master,
    answers: () => answers,
    listeners: () => listening.size,
    say: ({ host, port }) => {
      const text = `shop 127.0.0.1 1 ${host} ${port}`
      for (const socket of listening) socket.write(push('message', '+switch-master', text))
    }
  }
  return sentinel
}

/** Commands in RESP, in lower case. */
function commandsOf(piece: string): string[][] {
  const commands: string[][] = []
  const lines = piece.toLowerCase().split('\r\n')
  for (let at = 0; at < lines.length - 1;) {
    const words = Number(lines[at++]!.slice(1))
    commands.push(Array.from({ length: words }, () => lines[(at += 2) - 1]!))
  }
  return commands
}

function bulk(text: string): string {
  return `$${text.length}\r\n${text}\r\n`
}

/** What nobody has asked for stands apart in RESP 3. */
function push(kind: 'subscribe' | 'message', channel: string, text?: string): string {
  return `>3\r\n${bulk(kind)}${bulk(channel)}${text === undefined ? ':1\r\n' : bulk(text)}`
}
