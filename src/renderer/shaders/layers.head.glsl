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

const float NOTHING = -1e30;
const float FAR = 1e30;

vec3 ray;                   // unit
vec4 acc;                   // what covers what is behind it
vec3 glow;                  // light of layers that add theirs
float past;                 // world length of the step before
float whole;                // of a whole step, of which the one before what is solid is a part
int stride;                 // a whole step is 2^this of the shortest

vec2 lightAt(vec3 w, float near, int shading);
