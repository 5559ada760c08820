// A sphere as the square, across the line from the eye to its centre, that just covers its outline.
uniform vec3 uForward;      // world directions; right and up are as long as the half picture at distance 1
uniform vec3 uRight;
uniform vec3 uUp;
uniform vec2 uShift;        // of the picture, in clip units
uniform float uPixel;       // world length of a pixel at distance 1
flat out vec3 vCenter;      // from the eye
flat out float vRadius;
flat out vec4 vColor;

void main() {
  Point point;
  gl_Position = vec4(2., 2., 2., 1.);
  vCenter = vec3(0.);
  vRadius = 0.;
  vColor = vec4(0.);
  if (!readPoint(point)) return;
  float d = length(point.at);
  // What is smaller than a pixel is drawn as large as one: else far points would flicker.
  float r = max(point.radius, .6 * uPixel * d);
  if (d <= 1.001 * r || dot(point.at, uForward) < -r) return;
  vec3 a = point.at / d;
  vec3 u = normalize(cross(a, abs(a.z) < .9 ? vec3(0., 0., 1.) : vec3(1., 0., 0.)));
  vec3 v = cross(a, u);
  vec3 q = point.at + r * d * inversesqrt(d * d - r * r) * (position.x * u + position.y * v);
  float w = dot(q, uForward);
  gl_Position = vec4(dot(q, uRight) / dot(uRight, uRight) - uShift.x * w, dot(q, uUp) / dot(uUp, uUp) - uShift.y * w, 0., w);
  vCenter = point.at;
  vRadius = r;
  vColor = point.color;
}
