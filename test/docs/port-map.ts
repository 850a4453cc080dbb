import { freePorts } from '../examples/free-ports.ts'

/** Where documents write a port: behind a host, as a setting, or as a listener. */
const PORTS =
  /(?:localhost|127\.0\.0\.\d+|0\.0\.0\.0|\[::1?\]|\.internal):(\d{2,5})\b|\b(?:port|PORT)["']?(?::|=) ?(\d{2,5})\b|listen\(? ?(\d{2,5})\b/g

/** The ports that a text names. */
export function portsIn(text: string): number[] {
  const found = [...text.matchAll(PORTS)].map(([, host, setting, listener]) =>
    Number(host ?? setting ?? listener)
  )
  return [...new Set(found)]
}

/** Puts ports that are free in place of those that documents name, and those back in what programs print. */
export class PortMap {
  readonly #ports: ReadonlyMap<number, number>

  constructor(ports: ReadonlyMap<number, number>) {
    this.#ports = ports
  }

  /** @param base - What other ports already stand for. */
  static async for(ports: readonly number[], base: PortMap = new PortMap(new Map())): Promise<PortMap> {
    const others = ports.filter((port) => !base.#ports.has(port))
    const free = await freePorts(others.length)
    return new PortMap(
      new Map([...base.#ports, ...others.map((port, index) => [port, free[index]!] as const)])
    )
  }

  /** The free port in place of one that a document names. */
  of(port: number): number {
    return this.#ports.get(port) ?? port
  }

  /** A document's text with the free ports, on this machine. */
  there(text: string): string {
    return replaced(text, this.#ports).replaceAll('gateway.internal', '127.0.0.1')
  }

  /** A program's text with the document's ports. */
  back(text: string): string {
    return replaced(text, new Map([...this.#ports].map(([port, free]) => [free, port])))
  }
}

function replaced(text: string, ports: ReadonlyMap<number, number>): string {
  if (ports.size === 0) return text
  const any = new RegExp(`(?<![\\d.])(?:${[...ports.keys()].join('|')})(?![\\d]|\\.\\d)`, 'g')
  return text.replaceAll(any, (port) => String(ports.get(Number(port))))
}
