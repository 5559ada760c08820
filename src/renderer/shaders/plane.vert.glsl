// A rectangle of a slice that stands in a picture in perspective.
in vec3 position;           // in pixels of the slice
#if defined(TILES)
in vec4 map;
in vec4 cell;
flat out vec4 vMap;
flat out vec4 vCell;
#endif
uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec2 uShift;        // of the picture, in clip units
uniform vec3 uMiddle;       // of the slice, from the eye
uniform vec2 uCentre;       // the same in its pixels
uniform vec3 uAlongX;       // world lengths of a pixel to the right and up
uniform vec3 uAlongY;

void main() {
#if defined(TILES)
  vMap = map;
  vCell = cell;
#endif
  vec3 q = uMiddle + (position.x - uCentre.x) * uAlongX + (position.y - uCentre.y) * uAlongY;
  float w = dot(q, uForward);
  gl_Position = vec4(dot(q, uRight) / dot(uRight, uRight) - uShift.x * w, dot(q, uUp) / dot(uUp, uUp) - uShift.y * w, 0., w);
}
