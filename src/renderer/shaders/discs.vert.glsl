// A sphere that a slice cuts, as the disc in which it does.
uniform vec3 uRight;        // world directions of the slice, divided by half its world size
uniform vec3 uUp;
uniform vec3 uNormal;       // of length 1
uniform float uPixel;       // world length of a pixel
out vec2 vPlace;
flat out float vPixels;     // radius
flat out vec4 vColor;

void main() {
  Point point;
  gl_Position = vec4(2., 2., 2., 1.);
  vPlace = position.xy;
  vPixels = 0.;
  vColor = vec4(0.);
  if (!readPoint(point)) return;
  float r = max(point.radius, 1.5 * uPixel); // what is smaller than a pixel would hardly ever be met
  float off = dot(point.at, uNormal);
  if (abs(off) >= r) return;
  vPixels = max(sqrt(r * r - off * off) / uPixel, .75);
  vPlace = position.xy * (vPixels + 1.);
  vec2 middle = vec2(dot(point.at, uRight), dot(point.at, uUp));
  vec2 reach = uPixel * vec2(length(uRight), length(uUp));
  gl_Position = vec4(middle + vPlace * reach, 0., 1.);
  vColor = point.color;
}
