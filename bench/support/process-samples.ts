import { readdir, readFile } from 'node:fs/promises'

/** What the kernel says of a process at one moment. */
export interface ProcessSample {
  /** Milliseconds since the epoch. */
  readonly at: number
  /** Resident memory, in MiB. */
  readonly memory: number
  /** Open file descriptors. */
  readonly handles: number
  readonly threads: number
}

/** Looks at a process. @throws Error when it has ended. */
export async function sampleProcess(pid: number): Promise<ProcessSample> {
  const [status, handles] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`)
  ])
  return {
    at: Date.now(),
    memory: Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024,
    handles: handles.length,
    threads: Number(/Threads:\s+(\d+)/.exec(status)?.[1])
  }
}

/** Looks at a process again and again. @param interval - Milliseconds. */
export class ProcessWatch {
  readonly #timer: NodeJS.Timeout
  readonly samples: ProcessSample[] = []

  constructor(pid: number, interval: number) {
    this.#timer = setInterval(() => {
      // One that has ended is told of elsewhere.
      sampleProcess(pid).then(
        (sample) => void this.samples.push(sample),
        () => {}
      )
    }, interval)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
