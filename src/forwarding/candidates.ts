import type { Balancer, CandidateFilter } from '../balancing/balancer.ts'
import type { Backend } from '../upstreams/backend.ts'

/** The backends that one request may try: health and "already tried" are filters outside the algorithm. */
export class Candidates implements CandidateFilter<Backend> {
  readonly #balancer: Balancer<Backend>
  #tried: Backend[] = []

  constructor(balancer: Balancer<Backend>) {
    this.#balancer = balancer
  }

  accepts(backend: Backend): boolean {
    return backend.usable && !this.#tried.includes(backend)
  }

  /** From now on it is one that was tried. */
  setTried(backend: Backend): void {
    this.#tried.push(backend)
  }

  /** One that was not tried yet. */
  pickFresh(): Backend | undefined {
    return this.#balancer.pick(this)
  }

  /** Each once before any twice. */
  pick(): Backend | undefined {
    const fresh = this.pickFresh()
    if (fresh || this.#tried.length === 0) return fresh
    this.#tried = []
    return this.pickFresh()
  }
}
