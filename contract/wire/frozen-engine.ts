/** What hosts and pages say to each other about an engine whose holder is alive but does not answer. */

/** `details.check` of the `host-unavailable` that tells it. Taking over ends that process; machines run on. */
export const frozenEngineCheck = 'engine-frozen'

/** Where a page in a browser asks `mayfly serve` to take over, by POST. */
export const takeOverPath = '/engine/take-over'
