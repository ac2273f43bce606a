// What goes wrong between the operator and the API server for the next few of its requests, and the death of the
// operator at one of its writes. Leases and Events are left alone: a lost Lease is a step of its own.
import { type Fault, type KubeWire, objectWrites, type TappedRequest } from '../env/kube-wire.js';

export class KubeFaults {
  /** Kills the operator that is at work now. */
  onKill: () => void = () => {};
  readonly #wire: KubeWire;
  #failing: { fault: Fault; left: number } = { fault: undefined, left: 0 };
  #death: { writes: number; done: boolean } | undefined;

  constructor(wire: KubeWire) {
    this.#wire = wire;
    wire.rule = (request) => this.#of(request);
  }

  /** The next requests about objects go wrong so. */
  fail(fault: Fault, count: number): void {
    this.#failing = { fault, left: count };
  }

  /** The operator dies at a write of its own, counted from 1, which is done or not. */
  killAt(writes: number, done: boolean): void {
    this.#death = { writes, done };
  }

  /** Writes about objects since the last call. */
  takeWrites(): readonly TappedRequest[] {
    return objectWrites(this.#wire.requests.splice(0));
  }

  clear(): void {
    this.#failing = { fault: undefined, left: 0 };
    this.#death = undefined;
  }

  #of(request: TappedRequest): Fault {
    if (/\/(leases|events)(\/|\?|$)/.test(request.path)) return undefined;
    const isWrite = objectWrites([request]).length > 0;
    if (this.#death && isWrite && --this.#death.writes <= 0) {
      const { done } = this.#death;
      this.#death = undefined;
      this.onKill();
      return done ? undefined : 'hang';
    }
    if (this.#failing.left <= 0) return undefined;
    this.#failing.left -= 1;
    return this.#failing.fault;
  }
}
