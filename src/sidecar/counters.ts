/** Exact counts since the instance started. Tests hold the design to them: a byte sent is a byte copied once. */
export class Counters {
  /** Bytes and frames of bricks handed to a viewer's socket. */
  sentBytes = 0;
  sentBricks = 0;
  /** Of these bricks, those of which the viewer had the voxels already: headers. */
  sentSame = 0;
  /** Of these bricks, constant ones: frames of one voxel, which are not copied. */
  sentConstants = 0;
  /** Bytes and frames of tiles, which are cut here. */
  sentTileBytes = 0;
  sentTiles = 0;
  /** Bytes copied in user space on the way from the store to a socket. */
  copiedBytes = 0;
  /** Of bricks and tiles, those that were made smaller for their way, what they were before, and the previews of 8 bits among them. */
  sentCoded = 0;
  codedFrom = 0;
  sentPreviews = 0;
}
