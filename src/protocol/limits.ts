/** Every bound that both sides of a connection rely on. Nothing is allocated before it is checked against these. */

/** Version of the wire protocol: the frame header carries it, the WebSocket subprotocol names it. */
export const PROTOCOL_VERSION = 1;
/** The WebSocket subprotocol a server selects. */
export const SUBPROTOCOL = 'vxb.1';
/** A client offers its ticket as one more subprotocol with this prefix, so that no URL or log ever holds it. */
export const TICKET_SUBPROTOCOL_PREFIX = 'vxb.ticket.';

/** Logical voxels along each edge of a brick. */
export const BRICK_EDGE = 64;
/** Voxels repeated from the neighbours on each side. */
export const BRICK_HALO = 1;
/** Stored voxels along each edge of a brick. */
export const STORED_EDGE = BRICK_EDGE + 2 * BRICK_HALO;
/** Stored voxels of a brick. */
export const STORED_VOXELS = STORED_EDGE ** 3;

/** Texels along each edge of a tile of a plane, without its border: two bricks. */
export const TILE_EDGE = 2 * BRICK_EDGE;
/** Texels of a tile's neighbours on each side. */
export const TILE_BORDER = 1;
/** Texels along each edge of a tile as it is sent. */
export const STORED_TILE_EDGE = TILE_EDGE + 2 * TILE_BORDER;
/** Texels of a tile as it is sent. */
export const STORED_TILE_TEXELS = STORED_TILE_EDGE ** 2;
/** Voxels of its level, along each axis, between neighbouring texels of a tile. */
export const MAX_PLANE_STEP = 2;
/** Samples through a slab for each texel: a thicker one is cut from a coarser level. */
export const MAX_SLAB_SAMPLES = 64;
/** Tiles that one viewer may need at once. */
export const MAX_TILE_NEEDS = 16_384;

/** Space of a u8 brick in the store, 71 pages of 4 KiB; a u16 brick has two of these, u32 and f32 four. */
export const UNIT_BYTES = 290_816;

/** Steps of a point's place along each axis of its cloud's box. */
export const POINT_STEPS = 2 ** 30;
/** Points in a brick. */
export const MAX_POINT_ROWS = 14_336;
/** Properties of a point beside its value. */
export const MAX_POINT_PROPERTIES = 16;

/** Voxels of the boxes that one edit of labels may touch. */
export const MAX_EDIT_VOXELS = 2 ** 28;
/** Bricks of an image that one edit may look into for a range of values. */
export const MAX_RANGE_BRICKS = 2048;
/** Texels of the planes between which an edit interpolates: of the rectangle around what both have. */
export const MAX_INTERPOLATED_TEXELS = 2 ** 23;
/** Labels whose voxels are counted in one answer; of more the largest are told. */
export const MAX_COUNTED_LABELS = 16_384;
/** Voxels of one READ of labels. */
export const MAX_READ_VOXELS = 2 ** 24;
/** Bytes that the tail of an EDIT or REGION may become when it is inflated. */
export const MAX_TAIL_BYTES = 64 * 2 ** 20;
/** Runs in the tail of one edit. */
export const MAX_EDIT_RUNS = 2 ** 22;
/** Points of a stroke, and of a polygon, in one edit. */
export const MAX_STROKE_POINTS = 4096;
export const MAX_POLYGON_POINTS = 16_384;
/** Radius of a brush along an axis, in voxels. */
export const MAX_STROKE_RADIUS = 512;
/** Places whose supervoxels one edit writes. */
export const MAX_SUPERVOXEL_SEEDS = 1024;
/** Edge of a supervoxel's cell along an axis, and all its voxels. */
export const MAX_CELL_EDGE = 64;
export const MAX_CELL_VOXELS = 2 ** 15;
/** Runs of a supervoxel that is shown before it is painted. */
export const MAX_SHOWN_RUNS = 2 ** 15;
/** Boxes that say what changed since an edit; where there would be more, they are merged. */
export const MAX_REGION_BOXES = 4096;
/** Edits and reads of one client that may wait at once. */
export const MAX_LABEL_REQUESTS = 1024;

/** Largest message in either direction: proxies in front of a notebook cut at 10 MiB. */
export const MAX_FRAME_BYTES = 8 * 2 ** 20;
/** Largest control (JSON) payload. */
export const MAX_CONTROL_BYTES = 2 ** 20;
/** Keys in one NEED, CANCEL or DONE. */
export const MAX_NEED_KEYS = 4096;
/** Bricks that one viewer may need at once. */
export const MAX_NEEDS = 65_536;
/** Axis length: what a brick index in 32 bits can address is more, what a float32 shader can place is less. */
export const MAX_AXIS = 2 ** 31;
/** Levels of a pyramid: 2^31 voxels along an axis end in one brick after 25 halvings. */
export const MAX_LEVELS = 26;
/** Time points of a volume. */
export const MAX_TIMES = 2 ** 20;
/** Ids of a volume of labels that are beyond 32 bits and numbered by a table in its description, the background among them. */
export const MAX_LABEL_IDS = 4096;
/** Volumes in one instance. */
export const MAX_VOLUMES = 256;
/** Characters in a name, unit or colour map that a person or a file supplies. */
export const MAX_NAME_CHARS = 200;
/** Points of a polyline or polygon. */
export const MAX_PATH_POINTS = 16_384;
/** Fields of an annotation's own. */
export const MAX_PROPS = 64;
/** Characters in the text of such a field. */
export const MAX_PROP_CHARS = 4096;

/** Bytes of one value of the scene document: a document is given on in parts of half a frame, which one more value may follow. */
export const MAX_SCENE_VALUE_BYTES = 3 * 2 ** 20;

/** Characters of what a client says of itself to the others. */
export const MAX_PRESENCE_BYTES = 8192;
/** Ids under which one client may say something of itself. */
export const MAX_PRESENCE_IDS = 8;
/** A client says anew where it is this often at most. */
export const PRESENCE_MS = 100;
/** Who says nothing of itself for so long is gone. */
export const PRESENCE_EXPIRY_MS = 30_000;

/** Named states of a scene that are kept: those that people made, and those made while they edited. */
export const MAX_RESTORE_POINTS = 256;

/** Bytes a viewer lets be under way to it when it does not say otherwise. */
export const DEFAULT_CREDIT_BYTES = 16 * 2 ** 20;
/** The most credit a viewer can hold. */
export const MAX_CREDIT_BYTES = 64 * 2 ** 20;

/** Upload connections of one producer or helper to one thread. */
export const MAX_UPLOADS = 16;
/** Threads that receive bricks of other hosts. */
export const MAX_UPLOAD_THREADS = 4;
/** Payload of the HELLO of an upload connection. */
export const MAX_HELLO_BYTES = 4096;

/** A HELLO must arrive within this time of the upgrade. */
export const HELLO_TIMEOUT_MS = 5_000;
/** Each side pings this often; two unanswered pings end the connection. */
export const HEARTBEAT_MS = 10_000;
/** A client that leaves what it was sent unread for so long is cut off. */
export const UNREAD_MS = 30_000;
/** Lifetime of a ticket for a stream. */
export const STREAM_TICKET_MS = 30_000;
/** Lifetime of the ticket for a client's next connection, counted from the end of this one. */
export const RESUME_TICKET_MS = 600_000;
/** Lifetime of a ticket in the fragment of a page's URL. */
export const PAGE_TICKET_MS = 120_000;
/** Lifetime of a page's session cookie. */
export const SESSION_MS = 12 * 3_600_000;
