// Which pixel of a slice the ray through a pixel of a picture in perspective meets. Places are seen from the eye.
uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec4 uViewport;     // lower left corner, and 2 / size, of the picture in gl_FragCoord
uniform vec3 uNormal;
uniform float uAway;        // of the plane from the eye, along its normal
uniform vec3 uMiddle;       // of the slice
uniform vec2 uCentre;       // the same in its pixels
uniform vec3 uPerX;         // its pixels for a world length, to the right and up
uniform vec3 uPerY;

vec2 planePixel() {
  vec2 ndc = (gl_FragCoord.xy - uViewport.xy) * uViewport.zw - 1.;
  vec3 ray = uForward + ndc.x * uRight + ndc.y * uUp;
  vec3 w = ray * (uAway / dot(uNormal, ray)) - uMiddle;
  return uCentre + vec2(dot(w, uPerX), dot(w, uPerY));
}

// Looks along one side of what a pixel covers. Seen at an angle, or from far, it covers several voxels: one look would meet another of them with each turn of the
// camera, and the slice would glitter.
const int LOOKS = 4;

float looks(vec3 side) {
  return clamp(ceil(length(side) - .3), 1., float(LOOKS));
}
