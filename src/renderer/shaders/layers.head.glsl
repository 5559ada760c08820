// One ray through several layers at once, each with its own place, bricks and look. Places are seen from the eye, along the world's axes
// (w = ray * s), so that they stay exact wherever in the world they are. `_L` in the parts that follow stands for a layer's number.
out vec4 color;

uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec4 uViewport;     // lower left corner, and 2 / size, of the picture in gl_FragCoord
uniform vec3 uOrigin;       // the eye in the world
uniform float uStep;        // world length of the shortest step
uniform float uNear;        // world length below which nothing is to be seen in the picture
uniform float uStart;       // first sample, in steps behind the face
uniform sampler2D uTransfers; // three rows a layer: integrals, densities, colours

const float NOTHING = -1e30;
const float FAR = 1e30;

vec3 ray;                   // unit
vec4 acc;                   // what covers what is behind it
vec3 glow;                  // light of layers that add theirs
float past;                 // world length of the step before

vec4 colorOf(int row, float t) {
  return texelFetch(uTransfers, ivec2(int(clamp(t, 0., 1.) * float(TRANSFER_SIZE - 1) + .5), row), 0);
}

// The densities from the window's low end to share t of it, which is at `place`, added up; beyond they go on as they are at its ends.
vec4 integralTo(int row, float t, float place) {
  float within = clamp(t, 0., 1.);
  float x = clamp(place, 0., 1.) * float(TRANSFER_SIZE - 1);
  int i = min(int(x), TRANSFER_SIZE - 2);
  vec4 sum = mix(texelFetch(uTransfers, ivec2(i, row), 0), texelFetch(uTransfers, ivec2(i + 1, row), 0), x - float(i));
  return t == within ? sum : sum + (t - within) * colorOf(row + 1, place);
}

// Premultiplied colour of a piece of a ray over which the share of the window goes from a.x to b.x, and the place in it from a.y to b.y.
// `thick` is its length, 1 being the layer's own step. All values between are counted: a thin peak of the transfer function is not stepped over.
vec4 pieceOf(int row, vec2 a, vec2 b, float thick) {
  vec4 density = abs(b.y - a.y) < 8. / float(TRANSFER_SIZE)
    ? colorOf(row + 1, .5 * (a.y + b.y))
    : (integralTo(row, b.x, b.y) - integralTo(row, a.x, a.y)) / (b.x - a.x);
  float alpha = 1. - exp(-density.a * thick);
  return vec4(density.rgb / max(density.a, 1e-9) * alpha, alpha);
}

vec2 lightAt(vec3 w, float near, int shading);
